-- What is known of each listener who has logged in, and whether they have left: a row each, 24 features and the label. The average of a page is
-- over the days on which it occurred, and null where it never has; days are those of +07:00; times are in seconds.
-- Behind `set variable cutoff = timestamp '...'` (UTC) it is what was known at that time of those who were still there, and whether they have left since.
with events as (
  select *, cast(make_timestamp(ts * 1000) + interval 7 hours as date) as day
  from event_data
  where userid <> '' and (getvariable('cutoff') is null or make_timestamp(ts * 1000) < getvariable('cutoff'))
),
leavers as (
  select userid, min(make_timestamp(ts * 1000)) as left_at
  from event_data
  where userid <> '' and page = 'Cancellation Confirmation'
  group by all
),
sessions as (
  select userid, day, sessionid, max(ts) - min(ts) as took
  from events
  group by all
),
days as (
  select userid, day, max(iteminsession) as items
  from events
  group by all
),
session_averages as (
  select userid, avg(took) / 1000.0 as avg_daily_sess_dur
  from (select userid, day, avg(took) as took from sessions group by all)
  group by all
),
-- As the original has it: it counts by session, too, so that each count is 1.
session_counts as (
  select userid, avg(n) as avg_daily_sess_cnt
  from (select userid, day, sessionid, count(distinct sessionid) as n from events group by all)
  group by all
),
day_averages as (
  select userid, avg(items) as avg_daily_session
  from days
  group by all
),
pages as (
  select
    userid,
    avg(n) filter (page = 'NextSong') as avg_daily_nextsong,
    avg(n) filter (page = 'Thumbs Up') as avg_daily_thumbs_up,
    avg(n) filter (page = 'Thumbs Down') as avg_daily_thumbs_down,
    avg(n) filter (page = 'Home') as avg_daily_home,
    avg(n) filter (page = 'Roll Advert') as avg_daily_roll_advert,
    avg(n) filter (page = 'Add to Playlist') as avg_daily_add_to_playlist,
    avg(n) filter (page = 'Add Friend') as avg_daily_add_friend,
    avg(n) filter (page = 'Logout') as avg_daily_logout,
    avg(n) filter (page = 'Help') as avg_daily_help,
    avg(n) filter (page = 'About') as avg_daily_about,
    avg(n) filter (page = 'Settings') as avg_daily_settings,
    avg(n) filter (page = 'Save Settings') as avg_daily_save_settings,
    avg(n) filter (page = 'Upgrade') as avg_daily_upgrade,
    avg(n) filter (page = 'Submit Upgrade') as avg_daily_submit_upgrade,
    avg(n) filter (page = 'Downgrade') as avg_daily_downgrade,
    avg(n) filter (page = 'Submit Downgrade') as avg_daily_submit_downgrade,
    avg(n) filter (page = 'Error') as avg_daily_error
  from (select userid, day, page, count(*) as n from events group by all)
  group by all
),
listeners as (
  select
    userid,
    any_value(gender) as gender,
    arg_max(level, (ts, iteminsession)) as last_level,
    (max(ts) - any_value(registration)) / 86400000.0 as registered_days,
    avg(length) as avg_length
  from events
  group by all
)
select
  l.userid,
  gender,
  last_level,
  registered_days,
  avg_length,
  avg_daily_session,
  avg_daily_sess_cnt,
  avg_daily_sess_dur,
  p.* exclude (userid),
  left_at is not null as churned
from listeners as l
join day_averages using (userid)
join session_counts using (userid)
join session_averages using (userid)
join pages as p using (userid)
left join leavers using (userid)
where getvariable('cutoff') is null or left_at is null or left_at >= getvariable('cutoff')
order by userid
