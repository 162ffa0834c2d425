-- What in AWS may be what an addition asks for? Empty; one file for each type of thing fills it.
-- Grain: one row per request and thing. subject: its name in AWS, with its type the key of `present`.
-- in_place: it is where it should be; NULL: not known. same: it holds what was asked for; NULL: not known.
-- state: ready, drifted, degraded, unverified, partial, changing or failed; told: more about that, in words.
CREATE OR REPLACE TABLE candidate (
    request INTEGER, subject VARCHAR, in_place BOOLEAN, same BOOLEAN, state VARCHAR, told VARCHAR
)
