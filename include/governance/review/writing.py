"""Write a page to a folder or to object storage."""

from __future__ import annotations

from pathlib import Path


def write_file(target: str, content: bytes) -> None:
    """Write a file at once: whoever reads sees the old page or the new one, never half of one."""
    if "://" in target:
        import fsspec  # noqa: PLC0415 (only for a lake on object storage)

        fsspec.core.url_to_fs(target)[0].pipe_file(target, content)
        return
    path = Path(target)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    partial.write_bytes(content)
    partial.replace(path)
