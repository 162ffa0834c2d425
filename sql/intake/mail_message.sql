-- Remember in which thread a message lies. Grain: one row per message.
INSERT INTO mail_message (source, message_id, content, source_key, run_id)
VALUES (:source, :message_id, :content, :source_key, :run_id)
ON CONFLICT (source, message_id, content) DO NOTHING
