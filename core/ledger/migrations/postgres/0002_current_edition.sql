create table current_edition (
    mode smallint primary key check (mode in (0, 1)),
    edition_id bytea not null check (octet_length(edition_id) = 16),
    since bigint not null,
    foreign key (mode, edition_id) references edition (mode, edition_id)
);
comment on table current_edition is
    'which edition of the roster holds now (现用名册): the one sealed last, until an earlier one is restored';
comment on column current_edition.mode is '0 live, 1 drill';
comment on column current_edition.edition_id is 'the edition';
comment on column current_edition.since is 'when it was sealed or restored';
insert into current_edition (mode, edition_id, since)
select mode, edition_id, built_at from edition e
where edition_id = (select edition_id from edition n where n.mode = e.mode and n.sealed = 1
    order by built_at desc, edition_id desc limit 1);
