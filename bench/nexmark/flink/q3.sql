-- Who sells in a category and in three states.

create table answer (name string, city string, state string, id bigint) with ('connector' = 'filesystem', 'path' = '${ROWS}', 'format' = 'csv');

insert into answer
select p.name, p.city, p.state, a.id from auctions a join people p on a.seller = p.id
where a.category = 10 and p.state in ('OR', 'ID', 'CA');
