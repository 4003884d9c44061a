<?php

declare(strict_types=1);

namespace Rserverd\Illuminate\Cleaners;

use Closure;
use Illuminate\Cache\ArrayStore;
use Rserverd\Illuminate\States;
use SplObjectStorage;

/** The array store is a cache for one request. */
final class CacheCleaner
{
    private readonly Closure $stores;

    private readonly Closure $empty;

    /** @var SplObjectStorage<ArrayStore, States> filled by providers while booting */
    private readonly SplObjectStorage $booted;

    public function __construct(object $cache)
    {
        $this->stores = Closure::bind(fn (): array => $this->stores, $cache, $cache::class);
        $this->empty = Closure::bind(static function (ArrayStore $store): void {
            $store->storage = [];
            $store->locks = [];
        }, null, ArrayStore::class);
        $this->booted = new SplObjectStorage();
        foreach (($this->stores)() as $repository) {
            if (($store = $repository->getStore()) instanceof ArrayStore) {
                $this->booted[$store] = (new States())->object($store);
            }
        }
    }

    public function clean(): void
    {
        foreach (($this->stores)() as $repository) {
            $store = $repository->getStore();
            if ($store instanceof ArrayStore) {
                isset($this->booted[$store]) ? $this->booted[$store]->restore() : ($this->empty)($store);
            }
        }
    }
}
