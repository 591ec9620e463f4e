-- Bids for some auctions.

create table answer (auction bigint, price bigint) with ('connector' = 'filesystem', 'path' = '${ROWS}', 'format' = 'csv');

insert into answer select auction, price from bids where mod(auction, 123) = 0;
