<?php

declare(strict_types=1);

namespace Rserverd\Lumen;

use Illuminate\Container\Container;
use Illuminate\Contracts\Debug\ExceptionHandler;
use Illuminate\Http\Request;
use Laravel\Lumen\Exceptions\Handler;
use Symfony\Component\ErrorHandler\Error\FatalError;
use Symfony\Component\HttpFoundation\Response;
use Throwable;

/**
 * What nobody caught, and fatal errors, during a request. Lumen asks PHP_SAPI, which says cli, and would describe them
 * on a terminal; the client is to get the page that the application's exception handler renders.
 */
final class Failures
{
    private const FATAL = E_ERROR | E_PARSE | E_CORE_ERROR | E_COMPILE_ERROR;

    public static function register(Container $app): void
    {
        set_exception_handler(static fn (Throwable $e) => self::show($app, $e));
    }

    /** To be called before bootstrap/app.php is: Lumen's own shutdown function comes after it and finds no error. */
    public static function registerFatal(): void
    {
        register_shutdown_function(static function (): void {
            $error = error_get_last();
            if ($error !== null && ($error['type'] & self::FATAL) !== 0 && is_a($app = Container::getInstance(), LumenFramework::APPLICATION)) {
                error_clear_last();
                self::show($app, new FatalError($error['message'], 0, $error, 0));
            }
        });
    }

    /** Reported and rendered. */
    public static function answer(Container $app, Request $request, Throwable $e): Response
    {
        $handler = self::handler($app);
        $handler->report($e);

        return $handler->render($request, $e);
    }

    private static function show(Container $app, Throwable $e): void
    {
        $handler = self::handler($app);
        $handler->report($e);
        if (!headers_sent()) {
            $handler->render($app->make(Request::class), $e)->send();
        }
    }

    private static function handler(Container $app): object
    {
        return $app->make($app->bound(ExceptionHandler::class) ? ExceptionHandler::class : Handler::class);
    }
}
