CREATE TABLE wallet (
  name     text        PRIMARY KEY,
  address  bytea       NOT NULL UNIQUE,
  keystore text        NOT NULL,
  made_at  timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE wallet_transfer (
  key     text        PRIMARY KEY,
  wallet  text        NOT NULL REFERENCES wallet (name),
  request bytea       NOT NULL,
  id      bytea       NOT NULL UNIQUE,
  encoded bytea       NOT NULL,
  made_at timestamptz NOT NULL DEFAULT now()
);
