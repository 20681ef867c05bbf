-- The plan whose account could not send: its unsent rest leaves by this plan's account (改由本账号发送).
alter table plan add column instead_of blob references plan (plan_id);
