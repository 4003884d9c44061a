<?php

declare(strict_types=1);

namespace Rserverd\Laravel\Cleaners;

use Closure;
use Illuminate\Container\Container;
use Illuminate\Foundation\Bootstrap\HandleExceptions;
use Illuminate\Support\Facades\Facade;
use Illuminate\Support\Str;
use Rserverd\Laravel\States;

/**
 * Static properties of the framework's classes. Those of Model are put back whole, so that a model class boots anew in
 * the next request that uses it, as under php-fpm: its boot method may ask who is logged in, and its listeners and
 * global scopes must neither be lost nor pile up.
 */
final class StaticsCleaner
{
    private const MODEL = 'Illuminate\Database\Eloquent\Model';

    /** class => properties that are caches and stay */
    private const CLASSES = [
        self::MODEL => ['mutatorCache', 'attributeMutatorCache', 'getAttributeMutatorCache', 'setAttributeMutatorCache',
            'castTypeCache', 'guardableColumns', 'primitiveCastTypes', 'manyMethods'],
        'Illuminate\Database\Eloquent\Relations\Relation' => [],
        'Illuminate\Pagination\AbstractPaginator' => [],
        'Illuminate\Pagination\AbstractCursorPaginator' => [],
        'Illuminate\Http\Resources\Json\JsonResource' => [],
        'Illuminate\Queue\Queue' => [],
        'Illuminate\Validation\Rules\Password' => [],
        'Illuminate\Auth\Notifications\ResetPassword' => [],
        'Illuminate\Auth\Notifications\VerifyEmail' => [],
        'Illuminate\Routing\ResourceRegistrar' => [],
    ];

    /** Names in the facades' own store that belong to a request, whoever asked first. */
    private const FACADES_OF_A_REQUEST = ['request', 'session.store', 'auth.driver', 'redirect',
        'Illuminate\Contracts\Routing\ResponseFactory'];

    /** Str remembers every word it converts; with words that users choose there is no end to them. */
    private const MOST_WORDS = 5000;

    private const EVERY = 256;

    private readonly States $states;

    /** What the framework gives free to have room for handling a memory error; it did so when the request ended. */
    private const RESERVE = 32768;

    private int $requests = 0;

    private readonly bool $reserves;

    private readonly Closure $trimWords;

    public function __construct(Container $app)
    {
        $this->states = new States();
        foreach (self::CLASSES as $class => $except) {
            if (class_exists($class)) {
                $this->states->class($class, $except);
            }
        }
        $this->addFacades($app);
        $this->reserves = property_exists(HandleExceptions::class, 'reservedMemory');
        $this->trimWords = Closure::bind(static function (int $most): void {
            foreach (['snakeCache', 'camelCache', 'studlyCache'] as $cache) {
                if (count(self::$$cache) > $most) {
                    self::$$cache = [];
                }
            }
        }, null, Str::class);
    }

    public function clean(): void
    {
        $this->states->restore();
        if ($this->reserves) {
            // Not among the states: a second reference to it would keep it.
            HandleExceptions::$reservedMemory ??= str_repeat('x', self::RESERVE);
        }
        if (++$this->requests % self::EVERY === 0) {
            ($this->trimWords)(self::MOST_WORDS);
        }
    }

    private function addFacades(Container $app): void
    {
        $resolved = Closure::bind(static fn (): array => self::$resolvedInstance ?? [], null, Facade::class)();
        $scoped = (fn (): array => $this->scopedInstances ?? [])->call($app);

        $this->states->class(Facade::class, with: [
            'resolvedInstance' => array_diff_key($resolved, array_flip(self::FACADES_OF_A_REQUEST), array_flip($scoped)),
        ]);
    }
}
