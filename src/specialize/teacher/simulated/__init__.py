"""The local teacher: a stochastic grammar over worked solutions, behind the API of a paid one."""
