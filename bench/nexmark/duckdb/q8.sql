select distinct p.id, p.name, epoch_ms(time_bucket(interval '10 s', p.ts)) as ms
from people p join auctions a on p.id = a.seller and time_bucket(interval '10 s', p.ts) = time_bucket(interval '10 s', a.ts)
