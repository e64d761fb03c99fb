-- Whether somebody has logged in from where they are, within so many days.
SELECT EXISTS (SELECT FROM login_known WHERE scope = $1 AND at > now() - make_interval(days => $2::int))
