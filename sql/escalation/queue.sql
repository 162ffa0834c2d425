-- Put one message into the outbox, once for its key. Returns its number; no row where it was there before.
INSERT INTO outbox
    (message_key, message_id, kind, recipient, subject, body_text, body_html, as_of, not_before)
VALUES
    (:message_key, :message_id, :kind, :recipient, :subject, :body_text, :body_html, :as_of, :not_before)
ON CONFLICT (message_key) DO NOTHING
RETURNING message
