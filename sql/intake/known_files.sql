-- Which files of :source were read with the spec as it is now? Grain: file.
SELECT name, version, records, kept_back, newest FROM source_file WHERE source = :source AND spec = :spec
