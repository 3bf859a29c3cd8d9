CREATE TABLE governance_round (
  id               text    PRIMARY KEY,
  type             text    NOT NULL,
  proposer         text    NOT NULL,
  standing         text    NOT NULL,
  opened_at_ms     bigint  NOT NULL,
  closed_at_ms     bigint,
  votes            bigint  NOT NULL,
  refused          bigint  NOT NULL,
  participation_bp integer NOT NULL,
  anchored         boolean NOT NULL,
  state            bytea   NOT NULL
);
CREATE INDEX governance_round_opened ON governance_round (opened_at_ms DESC, id COLLATE "C" DESC);
CREATE INDEX governance_round_closed ON governance_round (closed_at_ms)
  WHERE closed_at_ms IS NOT NULL;
CREATE INDEX governance_round_to_anchor ON governance_round (closed_at_ms)
  WHERE closed_at_ms IS NOT NULL AND NOT anchored;
CREATE INDEX governance_round_active ON governance_round (proposer) WHERE standing = 'Active';
