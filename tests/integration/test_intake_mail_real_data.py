"""Messages of a mail library's test suite through a whole run over IMAP: none is lost, none stops the others."""

from __future__ import annotations

from intake_worlds import reasons, rows
from mail_worlds import SOURCE, drawn, mailbox


def test_a_folder_of_odd_messages_is_accounted_for(register, now, tmp_path, shared_data):
    files = sorted(path for path in (shared_data / "mail").rglob("*") if path.is_file())
    assert len(files) > 100
    box = mailbox(*(path.read_bytes() for path in files))
    result = drawn(register, box, now, tmp_path)
    assert (result.status, result.pulled) == ("complete", len(files))
    assert result.loaded + result.unchanged + result.quarantined == len(files)
    assert result.loaded >= 70
    dismissed = rows(register, "SELECT count(*) FROM quarantine WHERE status = 'discarded'")
    assert dismissed == [(6,)]
    assert all(why for why in reasons(register, SOURCE).values())
    events = rows(register, "SELECT count(*) FROM request_event")
    box.renumber(box.messages[::-1])
    again = drawn(register, box, now, tmp_path)
    assert (again.pulled, again.loaded, again.quarantined) == (len(files), 0, result.quarantined)
    assert rows(register, "SELECT count(*) FROM request_event") == events
