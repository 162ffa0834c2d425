-- Which resources have the id that a test asks for? Grain: test, resource.
CREATE TABLE passed AS
SELECT t.test, r.resource, r.grp FROM resource_test t JOIN resource r ON r.resource_id = t.value WHERE NOT t.is_pattern
