-- What is in force is looked through again and again until it is over.
create index alert_released on alert (mode, created) where state = 'released';
