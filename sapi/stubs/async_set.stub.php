<?php
/* Options of the engine. */

function swoole_async_set(array $settings): bool {}
