-- Who registered and opened an auction in the same 10 seconds.

create table answer (id bigint, name string, ms bigint) with ('connector' = 'filesystem', 'path' = '${ROWS}', 'format' = 'csv');

insert into answer
select p.id, p.name, 1000 * cast(timestampdiff(second, timestamp '1970-01-01 00:00:00', p.window_start) as bigint)
from (select id, name, window_start, window_end from tumble(table people, descriptor(ts), interval '10' second)
      group by id, name, window_start, window_end) p
join (select seller, window_start, window_end from tumble(table auctions, descriptor(ts), interval '10' second)
      group by seller, window_start, window_end) a
  on p.id = a.seller and p.window_start = a.window_start and p.window_end = a.window_end;
