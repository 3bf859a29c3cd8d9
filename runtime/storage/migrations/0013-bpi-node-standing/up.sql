ALTER TABLE bpi_node
  ADD COLUMN isolated_until  timestamptz,
  ADD COLUMN announced_until timestamptz,
  ADD COLUMN last_event_at   timestamptz,
  ADD COLUMN rest            bytea;

CREATE INDEX bpi_node_isolated ON bpi_node (isolated_until) WHERE isolated_until IS NOT NULL;
CREATE INDEX bpi_node_last_event ON bpi_node (last_event_at) WHERE last_event_at IS NOT NULL;
CREATE INDEX bpi_node_announced ON bpi_node USING gin (capabilities)
  WHERE announced_until IS NOT NULL;

CREATE TABLE peer_announcement (
  operator     bytea       NOT NULL CHECK (octet_length(operator) = 32),
  node_id      text        NOT NULL,
  node_type    text        NOT NULL,
  capabilities text[]      NOT NULL,
  issued_at    bigint      NOT NULL,
  until        timestamptz NOT NULL,
  announcement bytea       NOT NULL,
  PRIMARY KEY (operator, node_id)
);

CREATE INDEX peer_announcement_until ON peer_announcement (until);
CREATE INDEX peer_announcement_capabilities ON peer_announcement USING gin (capabilities);
