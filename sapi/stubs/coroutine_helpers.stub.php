<?php
/* Functions of no class that suspend the coroutine, or make what does. */

/**
 * @param array $output
 * @param int $return_var
 */
function swoole_exec(string $command, &$output = null, &$return_var = null): string|false {}
function swoole_shell_exec(string $cmd): string|false {}
/** @return list<Swoole\Coroutine\Socket>|false */
function swoole_coroutine_socketpair(int $domain, int $type, int $protocol): array|false {}
