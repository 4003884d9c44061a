<?php

declare(strict_types=1);

/*
 * What Composer would have written here. The framework is the distribution's php-laravel-framework, found on the
 * include path, and so is a client of Redis, when it is installed; the application's own classes follow PSR-4.
 */

require_once 'Illuminate/autoload.php';
if (stream_resolve_include_path('Predis/autoload.php') !== false) {
    require_once 'Predis/autoload.php';
}

spl_autoload_register(static function (string $class): void {
    if (strncmp($class, 'App\\', 4) !== 0) {
        return;
    }
    $file = dirname(__DIR__) . '/app/' . strtr(substr($class, 4), '\\', '/') . '.php';
    if (is_file($file)) {
        require $file;
    }
});
