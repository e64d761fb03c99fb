DROP TABLE ek_request, ek_sent, ek_known, ek_sync, ek_delivery, ek_platform;
