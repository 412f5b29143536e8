// artgen-osc in Unreal Engine 5, with its own plugin OSC. Add "OSC" to PublicDependencyModuleNames in Build.cs.
// Start: artgen live --input demo --osc 127.0.0.1:9008
// Blueprints read the values and bind to OnBeat; SetSpeed steers the picture of our renderer.

#pragma once

#include "CoreMinimal.h"
#include "GameFramework/Actor.h"
#include "OSCClient.h"
#include "OSCManager.h"
#include "OSCServer.h"
#include "ArtgenOsc.generated.h"

DECLARE_DYNAMIC_MULTICAST_DELEGATE_OneParam(FArtgenBeat, int32, Count);

UCLASS()
class AArtgenOsc : public AActor
{
	GENERATED_BODY()

public:
	UPROPERTY(BlueprintReadOnly, Category = "artgen") float Valence = 0.5f;
	UPROPERTY(BlueprintReadOnly, Category = "artgen") float Energy = 0.5f;
	UPROPERTY(BlueprintReadOnly, Category = "artgen") float TempoBpm = 0.f;
	UPROPERTY(BlueprintReadOnly, Category = "artgen") float BeatPhase = 1.f;
	UPROPERTY(BlueprintReadOnly, Category = "artgen") int32 Beats = -1;
	UPROPERTY(BlueprintAssignable, Category = "artgen") FArtgenBeat OnBeat;

	// Pictures in 10 s, 0..8.
	UFUNCTION(BlueprintCallable, Category = "artgen")
	void SetSpeed(float Speed)
	{
		FOSCMessage Message;
		UOSCManager::SetOSCMessageAddress(Message, UOSCManager::ConvertStringToOSCAddress(TEXT("/visuals/speed")));
		UOSCManager::AddFloat(Message, Speed);
		Client->SendOSCMessage(Message);
	}

protected:
	virtual void BeginPlay() override
	{
		Super::BeginPlay();
		Server = UOSCManager::CreateOSCServer(TEXT("127.0.0.1"), 9008, false, true, TEXT("artgen"), this);
		Server->OnOscMessageReceived.AddDynamic(this, &AArtgenOsc::Hear);
		Client = UOSCManager::CreateOSCClient(TEXT("127.0.0.1"), 9101, TEXT("artgen"), this);
	}

private:
	UPROPERTY() TObjectPtr<UOSCServer> Server;
	UPROPERTY() TObjectPtr<UOSCClient> Client;

	UFUNCTION()
	void Hear(const FOSCMessage& Message, const FString& IPAddress, int32 Port)
	{
		const FString Address = UOSCManager::GetOSCMessageAddress(Message).GetFullPath();
		if (Address == TEXT("/artgen/valence")) UOSCManager::GetFloat(Message, 0, Valence);
		else if (Address == TEXT("/artgen/energy")) UOSCManager::GetFloat(Message, 0, Energy);
		else if (Address == TEXT("/artgen/tempo_bpm")) UOSCManager::GetFloat(Message, 0, TempoBpm);
		else if (Address == TEXT("/artgen/beat/phase")) UOSCManager::GetFloat(Message, 0, BeatPhase);
		else if (Address == TEXT("/artgen/beat/count"))
		{
			int32 Count = Beats;
			UOSCManager::GetInt32(Message, 0, Count);
			// The counter, not the pulse: a lost datagram loses nothing.
			if (Count != Beats)
			{
				Beats = Count;
				OnBeat.Broadcast(Beats);
			}
		}
	}
};
