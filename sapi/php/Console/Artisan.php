<?php

declare(strict_types=1);

namespace Rserverd\Console;

use Illuminate\Contracts\Console\Kernel;
use Rserverd\Autoload;
use Symfony\Component\Console\Input\ArgvInput;
use Symfony\Component\Console\Output\ConsoleOutput;

/** What the file artisan of an application does. The provider comes by Arrival, as it does to that file. */
final class Artisan
{
    /** The exit status. */
    public static function run(string $base): int
    {
        if (!is_dir($base) || !chdir($base)) {
            return self::refuse("there is no folder $base");
        }
        $autoload = array_filter(["$base/bootstrap/autoload.php", "$base/vendor/autoload.php"], is_file(...));
        if ($autoload === [] || !is_file("$base/bootstrap/app.php")) {
            return self::refuse("$base is no Laravel or Lumen application: it needs vendor/autoload.php and bootstrap/app.php");
        }
        defined('LARAVEL_START') || define('LARAVEL_START', microtime(true));
        // The word that help texts and the scheduler repeat.
        $_SERVER['argv'][0] = 'artisan';
        self::load(reset($autoload));
        Autoload::toFront();
        $app = self::load("$base/bootstrap/app.php");
        if (!is_object($app) || !method_exists($app, 'make')) {
            return self::refuse("$base/bootstrap/app.php must return the application; it returned " . get_debug_type($app));
        }
        $kernel = $app->make(Kernel::class);
        $status = $kernel->handle($input = new ArgvInput(), new ConsoleOutput());
        $kernel->terminate($input, $status);

        return (int) $status;
    }

    /** Without a variable that the file could see. */
    private static function load(): mixed
    {
        return require func_get_arg(0);
    }

    private static function refuse(string $why): int
    {
        fwrite(STDERR, "rserverd artisan: $why\n");

        return 1;
    }
}
