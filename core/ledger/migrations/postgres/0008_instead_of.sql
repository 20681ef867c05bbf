alter table plan add column instead_of bytea references plan (plan_id);
comment on column plan.instead_of is 'the plan whose account could not send: its unsent rest leaves by this one';
