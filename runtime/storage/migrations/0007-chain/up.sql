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
  receipts_proof bytea   NOT NULL,
  places         bytea   NOT NULL
);
-- Not compressed, so that a transaction is cut out without reading the block.
ALTER TABLE chain_block
  ALTER COLUMN block SET STORAGE EXTERNAL,
  ALTER COLUMN receipts SET STORAGE EXTERNAL,
  ALTER COLUMN places SET STORAGE EXTERNAL;

-- A number of chain_block.places: four of 32 bits for each transaction.
CREATE FUNCTION chain_place(places bytea, index integer, field integer) RETURNS integer
LANGUAGE sql IMMUTABLE AS $$
  SELECT ('x' || encode(substring(places FROM index * 16 + field * 4 + 1 FOR 4), 'hex'))
         ::bit(32)::integer
$$;

CREATE TABLE chain_transaction (
  id     bytea   PRIMARY KEY,
  height bigint  NOT NULL,
  index  integer NOT NULL
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
