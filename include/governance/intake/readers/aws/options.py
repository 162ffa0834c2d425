"""What a spec may say about requests that AWS keeps."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from governance.documents import Document

Region = Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")]


class AwsOptions(Document):
    """Where to ask, and how patiently. Attempts are those of AWS's adaptive retry mode."""

    regions: tuple[Region, ...] = Field(default=(), description="Unset: the region of the connection")
    overlap_minutes: int = Field(default=60, ge=1, description="How far behind the last change a pull starts")
    timeout_seconds: float = Field(default=30, gt=0)
    attempts: int = Field(default=6, ge=1, le=20, description="Tries for each call, throttled ones included")


class OpsItemsOptions(AwsOptions):
    """OpsItems of an account, change requests among them, incremental by the time of their last change."""

    type: Literal["opsitems"]
    types: Annotated[tuple[str, ...], Field(min_length=1)] = Field(
        default=("/aws/issue", "/aws/changerequest"), description="Types of OpsItems that are requests"
    )
    sources: tuple[str, ...] = Field(default=(), description="Only items of these sources; unset: of all")


class ServiceCatalogOptions(AwsOptions):
    """Records of Service Catalog: what was asked of its products."""

    type: Literal["servicecatalog"]
    access_level: Literal["Account", "Role", "User"] = Field(
        default="Account", description="Whose records; AWS itself shows those of the user alone"
    )
    record_types: Annotated[tuple[str, ...], Field(min_length=1)] = Field(
        default=("PROVISION_PRODUCT",), description="Records that are requests"
    )
    whole_every_days: float = Field(
        default=1, gt=0, description="How often a pull lists everything instead of stopping at what it knows"
    )
