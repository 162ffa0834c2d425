DROP TABLE source_file;
