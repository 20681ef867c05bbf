-- Which edition of the roster holds now (现用名册), by mode: the one sealed last, until an earlier one is restored.
create table current_edition (
    mode integer primary key check (mode in (0, 1)),
    edition_id blob not null check (length(edition_id) = 16),
    since integer not null,                     -- when it was sealed or restored
    foreign key (mode, edition_id) references edition (mode, edition_id)
) strict;
insert into current_edition (mode, edition_id, since)
select mode, edition_id, built_at from edition e
where edition_id = (select edition_id from edition n where n.mode = e.mode and n.sealed = 1
    order by built_at desc, edition_id desc limit 1);
