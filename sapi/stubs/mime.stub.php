<?php
/* Content types by file name. */

function swoole_mime_type_add(string $suffix, string $mime_type): bool {}
function swoole_mime_type_set(string $suffix, string $mime_type): void {}
function swoole_mime_type_delete(string $suffix): bool {}
function swoole_mime_type_get(string $filename): string {}
/** @alias swoole_mime_type_get */
function swoole_get_mime_type(string $filename): string {}
function swoole_mime_type_exists(string $filename): bool {}
function swoole_mime_type_list(): array {}
