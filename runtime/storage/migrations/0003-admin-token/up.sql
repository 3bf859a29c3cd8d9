CREATE TABLE admin_token (
  token_hash text        PRIMARY KEY,
  label      text        NOT NULL DEFAULT '',
  created_at timestamptz NOT NULL DEFAULT now()
);
