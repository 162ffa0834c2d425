-- Forget the files of :source that are not among :names: they are gone, or were read with another spec.
DELETE FROM source_file WHERE source = :source AND NOT name = ANY(:names)
