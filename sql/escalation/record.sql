-- Record one rung as reached and told: :message is NULL where a later rung superseded it.
INSERT INTO send_ledger
    (request_number, clock, cycle, rung, audience, recipient, reached_at, due_at, as_of, message)
VALUES
    (:request_number, :clock, :cycle, :rung, :audience, :recipient, :reached_at, :due_at, :as_of, :message)
