CREATE TABLE bpi_node (
  node_id       text        PRIMARY KEY,
  node_type     text        NOT NULL,
  endpoint      text        NOT NULL,
  capabilities  text[]      NOT NULL,
  public_key    bytea       NOT NULL CHECK (octet_length(public_key) = 32),
  session_no    bigint      NOT NULL DEFAULT 0,
  registered_at timestamptz NOT NULL DEFAULT now(),
  last_seen_at  timestamptz
);
