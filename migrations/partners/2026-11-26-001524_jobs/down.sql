DROP TABLE ek_job_file;
DROP TABLE ek_job;
