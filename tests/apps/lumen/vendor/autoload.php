<?php

declare(strict_types=1);

/*
 * What Composer would have written here. The framework is the distribution's php-laravel-lumen-framework, found on the
 * include path; the application's own classes follow PSR-4.
 */

require_once 'Laravel/Lumen/autoload.php';

spl_autoload_register(static function (string $class): void {
    if (strncmp($class, 'App\\', 4) !== 0) {
        return;
    }
    $file = dirname(__DIR__) . '/app/' . strtr(substr($class, 4), '\\', '/') . '.php';
    if (is_file($file)) {
        require $file;
    }
});
