<?php
/* Functions that belong to no class. */

function swoole_version(): string {}
function swoole_cpu_num(): int {}
function swoole_set_process_name(string $process_name): void {}
function swoole_get_local_ip(): array {}
function swoole_get_local_mac(): array {}

function swoole_strerror(int $errno, int $error_type = SWOOLE_STRERROR_SYSTEM): string {}
function swoole_errno(): int {}
function swoole_last_error(): int {}
function swoole_clear_error(): void {}

function swoole_error_log(int $level, string $msg): void {}
function swoole_error_log_ex(int $level, int $error, string $msg): void {}
function swoole_ignore_error(int $error): void {}

function swoole_hashcode(string $data, int $type = 0): int|false {}
function swoole_substr_unserialize(string $str, int $offset, int $length = 0, array $options = []): mixed {}
function swoole_substr_json_decode(string $str, int $offset, int $length = 0, ?bool $associative = null, int $depth = 512, int $flags = 0): mixed {}

function swoole_get_objects(): array|false {}
function swoole_get_vm_status(): array {}
function swoole_is_in_container(): bool {}
function swoole_container_cpu_num(): int {}
