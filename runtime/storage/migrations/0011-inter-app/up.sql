CREATE TABLE inter_app (
  app_id   text  COLLATE "C" PRIMARY KEY,
  app_type text  NOT NULL,
  state    bytea NOT NULL
);

CREATE TABLE inter_app_agreement (
  agreement_id text  COLLATE "C" PRIMARY KEY,
  app1         text  NOT NULL,
  app2         text  NOT NULL,
  status       text  NOT NULL,
  state        bytea NOT NULL
);
CREATE INDEX inter_app_agreement_app1 ON inter_app_agreement (app1);
CREATE INDEX inter_app_agreement_app2 ON inter_app_agreement (app2);
CREATE INDEX inter_app_agreement_status ON inter_app_agreement (status);
