DROP TABLE login_forwarder;
