-- Prices in euros.

create table answer (auction bigint, bidder bigint, price decimal(23, 3), ms bigint, extra string) with ('connector' = 'filesystem', 'path' = '${ROWS}', 'format' = 'csv');

insert into answer select auction, bidder, 0.908 * price, at_ms, extra from bids;
