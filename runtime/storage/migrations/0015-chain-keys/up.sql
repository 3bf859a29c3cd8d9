ALTER TABLE chain_block
  ADD COLUMN keys   bigint[]  NOT NULL DEFAULT '{}',
  ADD COLUMN owners integer[] NOT NULL DEFAULT '{}';
ALTER TABLE chain_block
  ALTER COLUMN keys SET STORAGE EXTERNAL,
  ALTER COLUMN owners SET STORAGE EXTERNAL;

CREATE FUNCTION pg_temp.first_bytes(whole bytea) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$
  SELECT ('x' || encode(substring(whole FOR 8), 'hex'))::bit(64)::bigint
$$;

UPDATE chain_block b SET keys = k.keys, owners = k.owners
FROM (SELECT height, array_agg(key) AS keys, array_agg(index) AS owners
      FROM (SELECT height, index, pg_temp.first_bytes(id) AS key FROM chain_transaction
            UNION ALL
            SELECT height, index, pg_temp.first_bytes(account) # (height / 4096)
            FROM chain_touched) every
      GROUP BY height) k
WHERE k.height = b.height;

CREATE INDEX chain_block_keys ON chain_block USING gin (keys) WITH (fastupdate = off);
DROP TABLE chain_transaction, chain_touched;
