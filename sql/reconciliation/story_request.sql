-- What was request :request_id at :at, as far as it was known then? One row, or none.
SELECT * FROM request_as_of(:at, :at) WHERE request_id = :request_id
