-- Every bid as it came.

create table answer (auction bigint, bidder bigint, price bigint, ms bigint, extra string) with ('connector' = 'filesystem', 'path' = '${ROWS}', 'format' = 'csv');

insert into answer select auction, bidder, price, at_ms, extra from bids;
