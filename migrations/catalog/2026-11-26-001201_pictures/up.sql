-- Pictures stand beside their records, so that no read, event or audit of a product carries them; the product's row has the checksum of
-- what was sent. One row a record and size, which crates/records/src/files.rs writes.
ALTER TABLE product_template ADD COLUMN image_1920 text;
CREATE TABLE product_picture (
    record_id bigint NOT NULL REFERENCES product_template,
    part      text   NOT NULL,
    mimetype  text   NOT NULL,
    checksum  text   NOT NULL,
    size      bigint NOT NULL,
    bytes     bytea  NOT NULL,
    PRIMARY KEY (record_id, part)
);
-- PNG and JPEG are compressed already
ALTER TABLE product_picture ALTER COLUMN bytes SET STORAGE EXTERNAL;
