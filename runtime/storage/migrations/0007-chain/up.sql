CREATE SEQUENCE chain_edition;

CREATE TABLE chain (
  only_row     boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  chain_id     text    NOT NULL,
  genesis_id   bytea   NOT NULL,
  edition      bigint  NOT NULL,
  first_height bigint  NOT NULL,
  height       bigint  NOT NULL,
  id           bytea   NOT NULL,
  transactions bigint  NOT NULL
);

CREATE TABLE chain_block (
  height         bigint  PRIMARY KEY,
  id             bytea   NOT NULL UNIQUE,
  time_ms        bigint  NOT NULL,
  proposer       bytea   NOT NULL,
  transactions   integer NOT NULL,
  size           integer NOT NULL,
  round          bigint  NOT NULL,
  head_size      integer NOT NULL,
  tail_at        integer NOT NULL,
  block          bytea   NOT NULL,
  seals          bytea   NOT NULL,
  validators     bytea   NOT NULL,
  receipts       bytea   NOT NULL,
  receipts_proof bytea   NOT NULL
);
-- Not compressed, so that a transaction is cut out without reading the block.
ALTER TABLE chain_block
  ALTER COLUMN block SET STORAGE EXTERNAL,
  ALTER COLUMN receipts SET STORAGE EXTERNAL;

CREATE TABLE chain_transaction (
  height       bigint  NOT NULL,
  index        integer NOT NULL,
  id           bytea   NOT NULL UNIQUE,
  begins_at    integer NOT NULL,
  size         integer NOT NULL,
  receipt_at   integer NOT NULL,
  receipt_size integer NOT NULL,
  PRIMARY KEY (height, index)
);

CREATE TABLE chain_touched (
  account bytea   NOT NULL,
  height  bigint  NOT NULL,
  index   integer NOT NULL,
  PRIMARY KEY (account, height, index)
);

CREATE TABLE chain_state (
  edition bigint NOT NULL,
  key     bytea  NOT NULL,
  value   bytea  NOT NULL,
  PRIMARY KEY (edition, key)
) WITH (fillfactor = 80);

CREATE TABLE chain_snapshot (
  height   bigint PRIMARY KEY,
  manifest bytea  NOT NULL
);

CREATE TABLE chain_snapshot_chunk (
  height  bigint  NOT NULL,
  index   integer NOT NULL,
  content bytea   NOT NULL,
  PRIMARY KEY (height, index)
);
