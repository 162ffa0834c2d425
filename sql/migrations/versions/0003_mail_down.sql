DROP TABLE evidence;
DROP TABLE mail_message;
