-- Two more channels: WeCom members (企业微信) and group robots (群机器人).
alter table plan drop constraint plan_channel_check,
    add constraint plan_channel_check check (channel between 1 and 6);
alter table edition_column drop constraint edition_column_channel_check,
    add constraint edition_column_channel_check check (channel between 1 and 6);
