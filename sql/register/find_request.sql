-- What is request :request_id, as it was true at :at? One row, or none where it did not exist yet.
SELECT * FROM request_as_of(:at) WHERE request_id = :request_id
