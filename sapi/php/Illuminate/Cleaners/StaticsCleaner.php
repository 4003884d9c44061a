<?php

declare(strict_types=1);

namespace Rserverd\Illuminate\Cleaners;

use Closure;
use Error;
use Illuminate\Container\Container;
use Illuminate\Support\Facades\Facade;
use Rserverd\Illuminate\HasStates;
use Rserverd\Illuminate\States;

/**
 * Static properties of the framework's classes. Those of Model are put back whole, so that a model class boots anew in
 * the next request that uses it, as under php-fpm: its boot method may ask who is logged in, and its listeners and
 * global scopes must neither be lost nor pile up.
 *
 * HandleExceptions gives a reserve of memory free at the end of every request, to have room for handling a memory error. It is put back
 * and not made again: 32 kB written are as much as the first-level cache has. The room itself is the engine's (rs_php_after_fatal()).
 */
final class StaticsCleaner implements HasStates
{
    /** class => properties that are caches and stay */
    private const CLASSES = [
        'Illuminate\Database\Eloquent\Model' => ['mutatorCache', 'attributeMutatorCache', 'getAttributeMutatorCache',
            'setAttributeMutatorCache', 'castTypeCache', 'guardableColumns', 'primitiveCastTypes', 'manyMethods'],
        'Illuminate\Database\Eloquent\Relations\Relation' => [],
        'Illuminate\Container\Container' => [],
        'Illuminate\Foundation\Bootstrap\HandleExceptions' => [],
        'Illuminate\Pagination\AbstractPaginator' => [],
        'Illuminate\Pagination\AbstractCursorPaginator' => [],
        'Illuminate\Http\Resources\Json\JsonResource' => [],
        'Illuminate\Queue\Queue' => [],
        'Illuminate\Validation\Rules\Password' => [],
        'Illuminate\Auth\Notifications\ResetPassword' => [],
        'Illuminate\Auth\Notifications\VerifyEmail' => [],
        'Illuminate\Routing\ResourceRegistrar' => [],
        'Illuminate\Support\Once' => [],
    ];

    /** Names in the facades' own store that belong to a request, whoever asked first. */
    private const FACADES_OF_A_REQUEST = ['request', 'session.store', 'auth.driver', 'redirect',
        'Illuminate\Contracts\Routing\ResponseFactory'];

    private readonly States $states;

    public function __construct(Container $app)
    {
        $this->states = new States();
        foreach (self::CLASSES as $class => $except) {
            if (self::exists($class)) {
                $this->states->class($class, $except);
            }
        }
        $resolved = Closure::bind(static fn (): array => self::$resolvedInstance ?? [], null, Facade::class)();
        $scoped = (fn (): array => $this->scopedInstances ?? [])->call($app);
        $of = array_flip([...self::FACADES_OF_A_REQUEST, ...$scoped]);
        $this->states->class(Facade::class, with: ['resolvedInstance' => array_diff_key($resolved, $of)]);
    }

    /** A part of the framework may be installed without the part that its class extends. */
    public static function exists(string $class): bool
    {
        try {
            return class_exists($class);
        } catch (Error) {
            return false;
        }
    }

    public function states(): States
    {
        return $this->states;
    }
}
