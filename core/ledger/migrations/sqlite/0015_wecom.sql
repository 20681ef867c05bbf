-- Two more channels: WeCom members (企业微信) and group robots (群机器人). SQLite cannot change a CHECK of a table that others
-- refer to, and copying the addresses of a city would take minutes; its manual allows the text of a constraint to be
-- replaced where nothing that is stored changes (Making Other Kinds Of Table Schema Changes).
pragma writable_schema = on;
update sqlite_schema set sql = replace(sql, 'channel between 1 and 4', 'channel between 1 and 6')
where type = 'table' and name in ('plan', 'edition_column');
pragma writable_schema = reset;
