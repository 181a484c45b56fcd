"""What breaks a contract, and whether the schema is the announced one."""
